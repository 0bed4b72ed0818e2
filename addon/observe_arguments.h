#pragma once

#include <napi.h>

#include <cstdint>
#include <vector>

#include "blob_statistics.h"

namespace bdreader {

/** What observeBlobs of JavaScript was called with; the pixels are a copy, so that nothing has to be pinned.
 */
struct ObserveArguments {
    std::vector<uint8_t> pixels;
    Size size;
    std::vector<BlobQuery> queries;
    uint32_t bins = 1;
};

/** @throws Napi::TypeError naming the option, what was expected and what was received */
ObserveArguments parseObserveArguments(const Napi::Object& options);

/** @return an array of {peak, counts} */
Napi::Value toJs(Napi::Env env, const std::vector<BlobStatistics>& observed);

}  // namespace bdreader
