#include <gtest/gtest.h>
TEST(Levels, Placeholder) {}
