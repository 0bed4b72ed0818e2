/**
 * Runs the addon's native tests.
 *
 *     native-tests --list                    prints "group<TAB>name" for every case
 *     native-tests --run GROUP [--cpu-only]  prints "passed|failed|skipped<TAB>name[<TAB>message]" for each
 * of its cases native-tests --soak PAGES cpu|vulkan   see soak.h
 *
 * Exits with 1 when a case failed, with 2 for other arguments.
 */

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "check.h"
#include "machine.h"
#include "soak.h"

namespace {

using bdreader::test::Case;
using bdreader::test::cases;

/** A case that takes so long hangs, whatever the machine: the alarm's signal then ends the process. */
constexpr unsigned kMostSecondsPerCase = 120;

/** A message takes one line, whatever it quotes. */
std::string oneLine(std::string text) {
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::replace(text.begin(), text.end(), '\t', ' ');
    return text;
}

/** At once: what follows may end the process. */
void report(const char* status, const std::string& name, const std::string& message) {
    std::printf("%s\t%s\t%s\n", status, name.c_str(), oneLine(message).c_str());
    std::fflush(stdout);
}

bool runCase(const Case& one) {
    alarm(kMostSecondsPerCase);
    try {
        one.run();
    } catch (const bdreader::test::Skipped& skipped) {
        report("skipped", one.name, skipped.what());
        return true;
    } catch (const std::exception& error) {
        report("failed", one.name, error.what());
        return false;
    }
    report("passed", one.name, "");
    return true;
}

int list() {
    for (const Case& one : cases()) std::printf("%s\t%s\n", one.group.c_str(), one.name.c_str());
    return 0;
}

int run(const std::string& group) {
    int ran = 0;
    int failed = 0;
    for (const Case& one : cases()) {
        if (one.group != group) continue;
        ran++;
        if (!runCase(one)) failed++;
    }
    if (ran == 0) std::fprintf(stderr, "expected the name of a group, received '%s'\n", group.c_str());
    return ran == 0 ? 2 : failed > 0 ? 1 : 0;
}

int soak(const std::string& pages, const std::string& device) {
    const int count = std::atoi(pages.c_str());
    if (count < bdreader::test::kFewestSoakPages || (device != "cpu" && device != "vulkan")) {
        std::fprintf(stderr, "expected --soak PAGES cpu|vulkan with at least %d pages, received %s %s\n",
                     bdreader::test::kFewestSoakPages, pages.c_str(), device.c_str());
        return 2;
    }
    try {
        bdreader::test::soak(count, device == "vulkan");
    } catch (const bdreader::test::Skipped& skipped) {
        report("skipped", "soak", skipped.what());
        return 0;
    } catch (const std::exception& error) {
        report("failed", "soak", error.what());
        return 1;
    }
    report("passed", "soak", "");
    return 0;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> arguments(values + 1, values + count);
    if (arguments == std::vector<std::string>{"--list"}) return list();
    if (arguments.size() == 3 && arguments[0] == "--soak") return soak(arguments[1], arguments[2]);
    const bool isCpuOnly = arguments.size() == 3 && arguments[2] == "--cpu-only";
    if (arguments.size() >= 2 && arguments[0] == "--run" && (arguments.size() == 2 || isCpuOnly)) {
        if (isCpuOnly) bdreader::test::leaveVulkanOut();
        return run(arguments[1]);
    }
    std::fprintf(stderr, "usage: native-tests --list | --run GROUP [--cpu-only] | --soak PAGES cpu|vulkan\n");
    return 2;
}
