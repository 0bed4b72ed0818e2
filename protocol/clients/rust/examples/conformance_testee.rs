//! Lets the conformance kit drive this client: operations as JSON lines on stdin, events as JSON lines on stdout.
//! CONFORMANCE_WORKER holds the worker's command as a JSON array.

use base64::{engine::general_purpose::STANDARD, Engine};
use bdreader_client::{Client, Control, Error, Options, Output};
use serde_json::{json, Value};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::error;
use std::io::{self, BufRead, Write};
use std::process::Command;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

const CLOSE_TIMEOUT: Duration = Duration::from_secs(30);

type Failure = Box<dyn error::Error>;

fn emit(event: Value) {
    // Locked for the whole line: several threads tell events. A kit that is gone needs none.
    let _ = writeln!(io::stdout().lock(), "{event}");
}

fn emit_failure(key: &str, failure: &Error) {
    emit(json!({ "event": "error", "key": key, "code": failure.code(), "retryable": failure.retryable() }));
}

fn emit_answer(key: &str, answer: &Result<Output, Error>) {
    match answer {
        Err(failure) => emit_failure(key, failure),
        Ok(output) => emit(json!({
            "event": "result", "key": key, "width": output.width, "height": output.height, "format": output.format,
            "sha256": format!("{:x}", Sha256::digest(&output.data)), "warnings": output.warnings,
        })),
    }
}

/// How far a page has got on its way to the worker.
enum Stage {
    Waiting,
    Submitted(Control),
    CancelledBefore,
}

/// One key of the kit.
struct Page {
    key: String,
    data: Vec<u8>,
    options: Options,
    wants_progress: bool,
    /// The stage, and the priority to be.
    way: Mutex<(Stage, Option<u32>)>,
}

impl Page {
    fn read(operation: &Value) -> Result<Self, Failure> {
        let number = |name: &str| operation[name].as_u64().map(|number| number as u32);
        let options = Options {
            priority: number("priority"),
            timeout_ms: number("timeout_ms"),
            quality: number("quality"),
            format: operation["format"].as_str().map(str::to_owned),
            ..Options::default()
        };
        Ok(Page {
            key: key_of(operation)?.to_owned(),
            data: STANDARD.decode(operation["data"].as_str().ok_or("expected data in base64")?)?,
            wants_progress: operation["progress"] == true,
            way: Mutex::new((Stage::Waiting, options.priority)),
            options,
        })
    }

    fn way(&self) -> MutexGuard<'_, (Stage, Option<u32>)> {
        self.way.lock().expect("no thread panics while it holds this")
    }

    fn cancel(&self) {
        let mut way = self.way();
        match &way.0 {
            Stage::Submitted(control) => control.cancel(),
            Stage::CancelledBefore => {}
            Stage::Waiting => {
                way.0 = Stage::CancelledBefore;
                emit(json!({ "event": "error", "key": self.key, "code": "cancelled", "retryable": false }));
            }
        }
    }

    fn set_priority(&self, priority: u32) -> Result<(), Error> {
        let mut way = self.way();
        way.1 = Some(priority);
        match &way.0 {
            Stage::Submitted(control) => control.set_priority(priority),
            _ => Ok(()),
        }
    }

    /// Waits for room at the worker, and takes up then what has been asked for meanwhile.
    fn submit(self: &Arc<Self>, client: &Client) -> Result<(), Error> {
        if matches!(self.way().0, Stage::CancelledBefore) {
            return Ok(());
        }
        let page = Arc::clone(self);
        let on_answer = move |answer| {
            if !matches!(page.way().0, Stage::CancelledBefore) {
                emit_answer(&page.key, &answer);
            }
        };
        let key = self.key.clone();
        let tell =
            move |done, total| emit(json!({ "event": "progress", "key": key, "done": done, "total": total }));
        let control = if self.wants_progress {
            client.submit(&self.data, &self.options, Some(Arc::new(tell)), on_answer)?
        } else {
            client.submit(&self.data, &self.options, None, on_answer)?
        };
        let mut way = self.way();
        if matches!(way.0, Stage::CancelledBefore) {
            control.cancel();
            return Ok(());
        }
        if let (true, Some(priority)) = (way.1 != self.options.priority, way.1) {
            control.set_priority(priority)?;
        }
        way.0 = Stage::Submitted(control);
        Ok(())
    }
}

fn key_of(operation: &Value) -> Result<&str, Failure> {
    operation["key"].as_str().ok_or_else(|| "expected a key".into())
}

/// Calls `carry_out` for every operation until `close` or the end of the input.
fn for_each_operation(mut carry_out: impl FnMut(&Value) -> Result<(), Failure>) -> Result<(), Failure> {
    for line in io::stdin().lock().lines() {
        let operation: Value = serde_json::from_str(&line?)?;
        if operation["op"] == "close" {
            break;
        }
        carry_out(&operation)?;
    }
    Ok(())
}

fn watch(client: &Client) {
    if client.ready().is_ok() {
        emit(json!({ "event": "ready" }));
    }
    match client.wait() {
        Ok(status) if status.success() => {}
        _ => emit(json!({ "event": "lost", "reason": client.lost() })),
    }
}

/// Operations are carried out at once, though `submit` may have to wait: it runs, in order, on a thread of its own.
fn serve(client: Client) -> Result<(), Failure> {
    let client = Arc::new(client);
    let for_watcher = Arc::clone(&client);
    let watcher = thread::spawn(move || watch(&for_watcher));
    let (submissions, to_submit) = channel::<Arc<Page>>();
    let for_submitter = Arc::clone(&client);
    let submitter = thread::spawn(move || {
        for page in to_submit {
            if let Err(failure) = page.submit(&for_submitter) {
                if !matches!(page.way().0, Stage::CancelledBefore) {
                    emit_failure(&page.key, &failure);
                }
            }
        }
    });
    let mut pages: HashMap<String, Arc<Page>> = HashMap::new();
    for_each_operation(|operation| {
        if operation["op"] == "upscale" {
            let page = Arc::new(Page::read(operation)?);
            pages.insert(page.key.clone(), Arc::clone(&page));
            submissions.send(page)?;
            return Ok(());
        }
        let page = pages.get(key_of(operation)?).ok_or("expected a key that was sent")?;
        if operation["op"] == "cancel" {
            page.cancel();
        } else if operation["op"] == "update" {
            page.set_priority(operation["priority"].as_u64().ok_or("expected a priority")? as u32)?;
        }
        Ok(())
    })?;
    drop(submissions);
    submitter.join().map_err(|_| "the submitter panicked")?;
    let status = client.close(CLOSE_TIMEOUT)?;
    watcher.join().map_err(|_| "the watcher panicked")?;
    emit(json!({ "event": "closed", "exit_code": status.and_then(|status| status.code()) }));
    Ok(())
}

fn main() -> Result<(), Failure> {
    emit(json!({ "event": "hello", "capabilities": ["progress", "update"] }));
    let command: Vec<String> = serde_json::from_str(&std::env::var("CONFORMANCE_WORKER")?)?;
    let (program, arguments) = command.split_first().ok_or("expected a command in CONFORMANCE_WORKER")?;
    match Client::spawn(Command::new(program).args(arguments)) {
        Ok(client) => serve(client),
        Err(failure) => {
            emit(json!({ "event": "lost", "reason": failure.to_string() }));
            for_each_operation(|operation| {
                if operation["op"] == "upscale" {
                    emit_failure(key_of(operation)?, &Error::ConnectionLost(failure.to_string()));
                }
                Ok(())
            })?;
            emit(json!({ "event": "closed", "exit_code": null }));
            Ok(())
        }
    }
}
