#include "js_error.h"

namespace bdreader {

Napi::Value toJsError(Napi::Env env, const Failure& failure) {
    Napi::Error error = Napi::Error::New(env, failure.what());
    error.Set("code", Napi::String::New(env, codeName(failure.code())));
    return error.Value();
}

}  // namespace bdreader
