/** @param {string} text @returns {string} as a path or a word of a ninja file */
export const escaped = (text) => text.replace(/[$ :]/g, "$$$&");

/** @param {string} text @returns {string} as one word of a shell's command line, inside a ninja file */
export const quoted = (text) => `'${text.replaceAll("'", `'\\''`).replaceAll("$", "$$$$")}'`;
