#pragma once

#include <functional>

namespace bdreader {

/**
 * Calls `work` once for every index from 0 to count - 1, on the calling thread and on up to `threads` - 1
 * others.
 *
 * After a failure no further index is started; those at work are waited for.
 *
 * @param threads at least 1
 * @param work called by several threads at the same time
 * @throws Failure the first one that `work` threw
 */
void forEachSideBySide(int count, int threads, const std::function<void(int index)>& work);

}  // namespace bdreader
