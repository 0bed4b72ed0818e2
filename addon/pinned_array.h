#pragma once

#include <napi.h>

#include <cstddef>
#include <memory>

#include "pinned_outputs.h"

namespace bdreader {

/**
 * @param outputs null for a device without
 * @return a Uint8Array over pinned memory, which is given back when the array is collected or its buffer
 * detached; null where there is no such memory, or where JavaScript takes none that is not its own
 */
Napi::Value wrapPinnedOutput(Napi::Env env, const std::shared_ptr<PinnedOutputs>& outputs, size_t bytes);

}  // namespace bdreader
