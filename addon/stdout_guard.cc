/**
 * Moves the real standard output out of the reach of libraries that print. Node.js offers neither dup nor
 * dup2.
 *
 * An addon of its own, since it must be loaded and called before any other native code: that one may print
 * while it is being loaded.
 */

#include <fcntl.h>
#include <napi.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <mutex>
#include <optional>
#include <string>

namespace {

/** Above the standard streams, so that the copy cannot become one of them. */
constexpr int kLowestCopy = 3;

[[noreturn]] void fail(Napi::Env env, const char* call) {
    throw Napi::Error::New(env, std::string(call) + " of standard output failed: " + std::strerror(errno));
}

/** The copy, once standard output is taken. */
std::optional<int> taken;

/**
 * takeStdout(): number. Points fd 1 at fd 2 and returns a close-on-exec copy of what fd 1 was; the same copy
 * when called again.
 */
Napi::Value takeStdout(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    static std::mutex mutex;
    const std::lock_guard<std::mutex> lock(mutex);
    if (!taken) {
        const int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, kLowestCopy);
        if (copy < 0) fail(env, "duplicating");
        if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
            close(copy);
            fail(env, "redirecting");
        }
        taken = copy;
    }
    return Napi::Number::New(env, *taken);
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
    exports.Set("takeStdout", Napi::Function::New(env, takeStdout, "takeStdout"));
    return exports;
}

}  // namespace

NODE_API_MODULE(bdreader_stdout_guard, init)
