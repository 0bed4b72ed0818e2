#include "check.h"

#include <utility>

namespace bdreader::test {

std::vector<Case>& cases() {
    // In a function: cases are registered before main, in no particular order of files.
    static std::vector<Case> all;
    return all;
}

Registration::Registration(const char* group, const char* name, std::function<void()> run) {
    cases().push_back({group, name, std::move(run)});
}

void failAt(const char* file, int line, const std::string& message) {
    throw Unexpected(std::string(file) + ":" + std::to_string(line) + ": " + message);
}

void expectFailure(const char* file, int line, FailureCode code, const std::function<void()>& work) {
    try {
        work();
    } catch (const Failure& failure) {
        expectEqual(file, line, failure.what(), failure.code(), code);
        return;
    }
    failAt(file, line, std::string("expected a failure, ") + codeName(code) + ", received none");
}

}  // namespace bdreader::test
