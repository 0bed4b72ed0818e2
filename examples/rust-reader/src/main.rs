//! Reads a book page by page through an upscaling worker.
//!
//! cargo run -- CACHE-FOLDER PAGE... -- WORKER-COMMAND...

mod book;

use book::UpscaledBook;
use std::env;
use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let mut halves = arguments.splitn(2, |argument| argument == "--");
    let (own, worker_command) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let (cache_folder, pages) = match own {
        [cache_folder, pages @ ..] if !pages.is_empty() && !worker_command.is_empty() => {
            (cache_folder, pages)
        }
        _ => return Err("usage: rust-reader CACHE-FOLDER PAGE... -- WORKER-COMMAND...".into()),
    };
    let pages: Vec<PathBuf> = pages.iter().map(PathBuf::from).collect();
    let count = pages.len();
    let mut book = UpscaledBook::new(pages, PathBuf::from(cache_folder), worker_command.to_vec())?;
    for index in 0..count {
        let (path, source) = book.turn_to(index)?;
        println!("page {}: {} (from the {source})", index + 1, path.display());
    }
    book.close()?;
    Ok(())
}
