#pragma once

#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../failure.h"

/**
 * Just enough of a test framework: cases with names, in groups, and expectations that say where and what.
 * Expectations throw, so they belong on the thread that runs the case.
 */
namespace bdreader::test {

struct Case {
    /** Cases of one group run in one process. */
    std::string group;
    std::string name;
    std::function<void()> run;
};

/** All cases, in the order of their registration. */
std::vector<Case>& cases();

struct Registration {
    Registration(const char* group, const char* name, std::function<void()> run);
};

/** An expectation that did not hold. */
class Unexpected : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/** The machine lacks what the case needs. */
class Skipped : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

[[noreturn]] void failAt(const char* file, int line, const std::string& message);

template <typename Value>
std::string shown(const Value& value) {
    std::ostringstream text;
    // Bytes are numbers here.
    if constexpr (sizeof(Value) == 1) {
        text << static_cast<int>(value);
    } else {
        text << value;
    }
    return text.str();
}

inline std::string shown(FailureCode code) {
    return codeName(code);
}

template <typename Left, typename Right>
void expectEqual(const char* file, int line, const char* what, const Left& received, const Right& expected) {
    if (received == expected) return;
    failAt(file, line,
           "expected " + shown(expected) + " for " + std::string(what) + ", received " + shown(received));
}

void expectFailure(const char* file, int line, FailureCode code, const std::function<void()>& work);

}  // namespace bdreader::test

#define BDREADER_JOIN_(left, right) left##right
#define BDREADER_JOIN(left, right) BDREADER_JOIN_(left, right)

/** Registers `run`, a function without arguments. */
#define REGISTER_CASE(group, name, run) \
    static const ::bdreader::test::Registration BDREADER_JOIN(registration, __COUNTER__)(group, name, run)

#define EXPECT(condition)                                                                       \
    do {                                                                                        \
        if (!(condition)) ::bdreader::test::failAt(__FILE__, __LINE__, "expected " #condition); \
    } while (false)

#define EXPECT_EQUAL(received, expected) \
    ::bdreader::test::expectEqual(__FILE__, __LINE__, #received, received, expected)

/** Expects that the statement throws a Failure of this code. */
#define EXPECT_FAILURE(code, statement) \
    ::bdreader::test::expectFailure(__FILE__, __LINE__, code, [&] { statement; })
