#pragma once

#include <napi.h>

#include "failure.h"

namespace bdreader {

/** @return a JavaScript Error with `code` set, for one of this addon's failures. */
Napi::Value toJsError(Napi::Env env, const Failure& failure);

}  // namespace bdreader
