#pragma once

/// The machine is compiled twice, for values that are laid out differently, since the library
/// treats a small result and a large one by separate code. HAWSER_TRACE_BOXED says for which this
/// is.
#if HAWSER_TRACE_BOXED
#define HAWSER_TRACE_LAYOUT boxed
#else
#define HAWSER_TRACE_LAYOUT unboxed
#endif
