/** A set-up that cannot go on, with a message for the user: what was expected, what was found, what to do. */
export class SetupError extends Error {
  /**
   * @param {string} message
   * @param {string} [remedy] one command or one sentence
   */
  constructor(message, remedy) {
    super(remedy ? `${message}\n${remedy}` : message);
    this.name = "SetupError";
  }
}
