//! Upscales one page: cargo run --example upscale -- page.jpg out.webp bdreader-ncnn-upscaler worker

use bdreader_client::{Client, Options};
use std::error::Error;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (page, output, program, program_arguments) = match arguments.as_slice() {
        [page, output, program, rest @ ..] => (page, output, program, rest),
        _ => return Err("expected PAGE OUTPUT.webp WORKER-COMMAND..., see README.md".into()),
    };
    let client = Client::spawn(Command::new(program).args(program_arguments))?;
    let options = Options { priority: Some(2), ..Options::default() };
    let show = |done, total| eprintln!("{done} of {total} tiles");
    let result = client.upscale_with_progress(&fs::read(page)?, &options, show)?.result();
    client.close(Duration::from_secs(30))?;
    let image = result?;
    fs::write(output, &image.data)?;
    println!("{output}: {} x {} {}, {} bytes", image.width, image.height, image.format, image.data.len());
    Ok(())
}
