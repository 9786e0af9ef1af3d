#pragma once

#include <hawser/reactor/producer.h>  // IWYU pragma: export
