// For tests of folds and services.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmake/precompiled/services.h"
