#include "js_options.h"

#include <cmath>

namespace bdreader {

void reject(Napi::Env env, const std::string& name, const std::string& expected, const Napi::Value& value) {
    throw Napi::TypeError::New(env, "expected " + expected + " for " + name + ", received " +
                                        value.ToString().Utf8Value().substr(0, 80));
}

int integer(const Napi::Object& options, const char* name, int least, int most) {
    const Napi::Value value = options.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!(number >= least && number <= most && std::floor(number) == number)) {
        reject(options.Env(), name,
               "an integer from " + std::to_string(least) + " to " + std::to_string(most), value);
    }
    return static_cast<int>(number);
}

double number(const Napi::Object& options, const char* name, double least, double most) {
    const Napi::Value value = options.Get(name);
    const double given = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : NAN;
    if (!(given >= least && given <= most)) {
        reject(options.Env(), name, "a number from " + std::to_string(least) + " to " + std::to_string(most),
               value);
    }
    return given;
}

bool boolean(const Napi::Object& options, const char* name) {
    const Napi::Value value = options.Get(name);
    if (!value.IsBoolean()) reject(options.Env(), name, "a boolean", value);
    return value.As<Napi::Boolean>().Value();
}

std::string text(const Napi::Object& options, const char* name) {
    const Napi::Value value = options.Get(name);
    if (!value.IsString()) reject(options.Env(), name, "a string", value);
    return value.As<Napi::String>().Utf8Value();
}

Napi::Uint8Array bytes(const Napi::Object& options, const char* name, size_t length) {
    const Napi::Value value = options.Get(name);
    const bool isBytes =
        value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_uint8_array;
    if (!isBytes || value.As<Napi::Uint8Array>().ByteLength() != length) {
        const std::string size =
            isBytes ? std::to_string(value.As<Napi::Uint8Array>().ByteLength()) + " bytes" : "no Uint8Array";
        throw Napi::TypeError::New(options.Env(), "expected " + std::to_string(length) + " bytes for " +
                                                      name + ", received " + size);
    }
    return value.As<Napi::Uint8Array>();
}

}  // namespace bdreader
