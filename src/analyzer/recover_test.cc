#include <gtest/gtest.h>

#include "analyzer/analyzer.h"
