// Marks functions that run on the CPU and, when compiled by nvcc, on the device too.
#pragma once

#ifdef __CUDACC__
#define THALWEG_HD __host__ __device__
#else
#define THALWEG_HD
#endif
