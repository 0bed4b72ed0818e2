#pragma once

namespace bdreader::test {

/** A quarter of them holds the largest pages. */
constexpr int kFewestSoakPages = 40;

/**
 * Upscales many pages of random sizes, the same for every run, and prints what memory the process and the
 * device's tensors take.
 *
 * @param pages at least kFewestSoakPages
 * @throws Unexpected when the process takes more than a tenth more memory at the end than in the beginning
 */
void soak(int pages, bool onVulkan);

}  // namespace bdreader::test
