#pragma once

#include <napi.h>

#include <cstddef>
#include <string>

namespace bdreader {

/**
 * Reads the options of an object by their names. Each throws a Napi::TypeError naming the option, what was
 * expected and what was received.
 */
int integer(const Napi::Object& options, const char* name, int least, int most);
double number(const Napi::Object& options, const char* name, double least, double most);
bool boolean(const Napi::Object& options, const char* name);
std::string text(const Napi::Object& options, const char* name);

/** @param length bytes that the array must have */
Napi::Uint8Array bytes(const Napi::Object& options, const char* name, size_t length);

/** @throws Napi::TypeError always */
[[noreturn]] void reject(Napi::Env env, const std::string& name, const std::string& expected,
                         const Napi::Value& value);

}  // namespace bdreader
