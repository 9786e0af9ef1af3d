#pragma once

/// The durations, time points and clocks of <chrono>, without its calendars and time zones, which
/// are most of what it costs to include. A program that wants those includes <chrono> itself.

#if __has_include(<bits/chrono.h>)  // libstdc++ from GCC 12 on has a header for this part
#include <bits/chrono.h>
#else
#include <chrono>
#endif
