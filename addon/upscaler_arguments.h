#pragma once

#include <napi.h>

#include "engine.h"

namespace bdreader {

/** The options of load as plain values. */
struct LoadArguments {
    NetworkOptions network;
    EngineOptions engine;
};

/** @throws Napi::TypeError naming the option, what was expected and what was received */
LoadArguments parseLoadArguments(const Napi::Object& options);

/** A job with the buffers that it points into. */
struct SubmitArguments {
    UpscaleJob job;
    Napi::Uint8Array input;
    Napi::Uint8Array output;
};

/**
 * @param scale output pixels per input pixel: the buffers must have exactly the sizes that follow from it
 * @throws Napi::TypeError
 */
SubmitArguments parseSubmitArguments(const Napi::Object& options, int scale);

}  // namespace bdreader
