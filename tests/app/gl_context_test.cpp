#include <gtest/gtest.h>
TEST(GlC, Placeholder) {}
