//! The worker's process, the two threads that read from it and write to it, and what is in flight.

use crate::error::{Error, Violation};
use crate::messages::{Entries, Output, Ready, WorkerHello, WorkerMessage};
use crate::wire::{encode_frame, read_message, MAX_FRAME_BYTES};
use std::collections::HashMap;
use std::io::Write;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::process::{Child, ChildStdin, ChildStdout, ExitStatus};
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

pub(crate) type OnAnswer = Box<dyn FnOnce(Result<Output, Error>) + Send>;
pub(crate) type OnProgress = Arc<dyn Fn(u32, u32) + Send + Sync>;

/// Frames that may wait for the writer; images among them are bounded by the worker's own limits besides.
const MAX_OUTGOING: usize = 1024;
/// How long a worker that has said its last word, or takes no more input, may stay.
const LINGER: Duration = Duration::from_secs(5);
const EXIT_POLL: Duration = Duration::from_millis(5);

/// A request without an answer.
pub(crate) struct Pending {
    pub size: usize,
    pub on_answer: OnAnswer,
    pub on_progress: Option<OnProgress>,
}

#[derive(Default)]
pub(crate) struct State {
    pub hello: Option<WorkerHello>,
    pub ready: Option<Ready>,
    pub pending: HashMap<u32, Pending>,
    pub in_flight_bytes: usize,
    pub last_id: u32,
    pub is_closing: bool,
    /// Why nothing more will be answered.
    pub lost: Option<String>,
    /// Set once the process is gone and every request is answered.
    pub exit_status: Option<ExitStatus>,
    reader: Option<ThreadId>,
}

pub(crate) struct Connection {
    state: Mutex<State>,
    changed: Condvar,
    /// `None` ends the writer, and with it the worker's input.
    outgoing: SyncSender<Option<Vec<u8>>>,
    child: Mutex<Child>,
}

impl Connection {
    pub fn open(mut child: Child) -> Arc<Self> {
        let input = child.stdin.take().expect("the worker's standard input is a pipe");
        let output = child.stdout.take().expect("the worker's standard output is a pipe");
        let (outgoing, frames) = sync_channel(MAX_OUTGOING);
        let connection = Arc::new(Connection {
            state: Mutex::default(),
            changed: Condvar::new(),
            outgoing,
            child: Mutex::new(child),
        });
        let for_writer = Arc::clone(&connection);
        let writer = thread::spawn(move || for_writer.write_all(input, frames));
        let for_reader = Arc::clone(&connection);
        thread::spawn(move || {
            for_reader.lock().reader = Some(thread::current().id());
            for_reader.read_all(output);
            // A full queue keeps the writer busy, and it looks for the loss with every frame.
            let _ = for_reader.outgoing.try_send(None);
            let exit_status = for_reader.end_process();
            let _ = writer.join();
            for_reader.change(|state| state.exit_status = Some(exit_status));
        });
        connection
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let outcome = change(&mut self.lock());
        self.changed.notify_all();
        outcome
    }

    /// Waits until `is_met`, at most until `deadline`, which the caller tells by looking again.
    pub fn wait_until(
        &self,
        deadline: Option<Instant>,
        is_met: impl Fn(&State) -> bool,
    ) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        while !is_met(&state) {
            let left = match deadline {
                Some(deadline) => deadline.saturating_duration_since(Instant::now()),
                None => Duration::MAX,
            };
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state
    }

    /// Queues a message that every worker takes. After the end it has nowhere to go, and every request is answered.
    pub fn send(&self, message: Entries) -> Result<(), Error> {
        let frame = encode_frame(message, MAX_FRAME_BYTES).map_err(|Violation(text)| Error::Refused(text))?;
        self.send_frame(frame);
        Ok(())
    }

    pub fn send_frame(&self, frame: Vec<u8>) {
        let _ = self.outgoing.send(Some(frame));
    }

    /// Whether this is the thread that a callback runs on, which must not wait for itself.
    pub fn is_reader(&self) -> bool {
        self.lock().reader == Some(thread::current().id())
    }

    pub fn kill(&self) {
        // Fails when the process is gone already.
        let _ = self.child().kill();
    }

    fn child(&self) -> MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_all(&self, mut input: ChildStdin, frames: Receiver<Option<Vec<u8>>>) {
        while let Ok(Some(frame)) = frames.recv() {
            if self.lock().lost.is_some() {
                return;
            }
            if input.write_all(&frame).is_err() {
                // Whoever waits to send goes on at once. Answers may still be on their way: the reader takes them until
                // the worker's output ends.
                drop(frames);
                self.end_process();
                return;
            }
        }
    }

    fn read_all(&self, mut output: ChildStdout) {
        let reason = loop {
            match read_message(&mut output).and_then(|message| self.receive(message)) {
                Ok(None) => continue,
                Ok(Some(last_word)) => break last_word,
                Err(Violation(text)) => {
                    self.kill();
                    break format!("the worker broke the protocol: {text}");
                }
            }
        };
        self.lose(&reason);
    }

    /// Returns the reason when the conversation is over. `None` as message: the worker has ended its output.
    fn receive(&self, message: Option<rmpv::Value>) -> Result<Option<String>, Violation> {
        let message = match message {
            Some(message) => message,
            None => return Ok(Some("the worker has ended its output".to_owned())),
        };
        match WorkerMessage::read(message)? {
            WorkerMessage::Hello(hello) => self.change(|state| state.hello = Some(hello)),
            WorkerMessage::Ready(ready) => self.change(|state| state.ready = Some(ready)),
            WorkerMessage::Answer { id, outcome } => self.answer(id, outcome)?,
            WorkerMessage::Progress { id, done, total } => self.report_progress(id, done, total),
            WorkerMessage::LastWord(reason) => return Ok(Some(reason)),
            WorkerMessage::Ignored => {}
        }
        Ok(None)
    }

    fn answer(&self, id: u32, outcome: Result<Output, Error>) -> Result<(), Violation> {
        let answered = self.change(|state| {
            let pending = state.pending.remove(&id)?;
            state.in_flight_bytes -= pending.size;
            Some(pending)
        });
        let pending = answered.ok_or_else(|| Violation::new("an answer to a live request", id))?;
        call_back(|| (pending.on_answer)(outcome));
        Ok(())
    }

    fn report_progress(&self, id: u32, done: u32, total: u32) {
        let on_progress = self.lock().pending.get(&id).and_then(|pending| pending.on_progress.clone());
        if let Some(on_progress) = on_progress {
            call_back(|| on_progress(done, total));
        }
    }

    fn lose(&self, reason: &str) {
        let abandoned = self.change(|state| {
            state.lost = Some(reason.to_owned());
            state.in_flight_bytes = 0;
            std::mem::take(&mut state.pending)
        });
        for pending in abandoned.into_values() {
            call_back(|| (pending.on_answer)(Err(Error::ConnectionLost(reason.to_owned()))));
        }
    }

    /// Waits for the end of the process, and helps when it does not come.
    fn end_process(&self) -> ExitStatus {
        let deadline = Instant::now() + LINGER;
        loop {
            let mut child = self.child();
            if let Ok(Some(status)) = child.try_wait() {
                return status;
            }
            if Instant::now() >= deadline {
                let _ = child.kill();
                return child.wait().expect("a killed child can be waited for");
            }
            drop(child);
            thread::sleep(EXIT_POLL);
        }
    }
}

/// A callback that panics has told so on standard error; the other requests go on.
fn call_back(callback: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(callback));
}
