import { UpscalerError } from "../errors.js";

/** What can be wrong with a run of the kit before any case says something about the program under test. */
export type KitErrorCode = "wrong_arguments" | "wrong_case_file" | "wrong_list";

/** The kit was asked for something it cannot do: its arguments, a case file or a list of ids is at fault. */
export class KitError extends UpscalerError<KitErrorCode> {
  override readonly name = "KitError";
}
