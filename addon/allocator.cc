/**
 * Settings of the C library's allocator, which Node.js offers no other way to make from inside the process.
 *
 * An addon of its own, since it must be called before threads have allocated anything.
 */

#include <napi.h>

#include <climits>
#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace {

/**
 * limitArenas(count: number): boolean. Bounds how many arenas glibc spreads the threads' memory over; false
 * where the allocator is another one, or refuses.
 */
Napi::Value limitArenas(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    if (info.Length() != 1 || !info[0].IsNumber()) {
        throw Napi::TypeError::New(env, "expected a number for count");
    }
    const int64_t count = info[0].As<Napi::Number>().Int64Value();
    if (count < 1 || count > INT_MAX) {
        throw Napi::RangeError::New(
            env, "expected a positive number for count, received " + std::to_string(count));
    }
#ifdef __GLIBC__
    return Napi::Boolean::New(env, mallopt(M_ARENA_MAX, static_cast<int>(count)) == 1);
#else
    return Napi::Boolean::New(env, false);
#endif
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("limitArenas", Napi::Function::New(env, limitArenas, "limitArenas"));
    return exports;
}

}  // namespace

NODE_API_MODULE(bdreader_allocator, init)
