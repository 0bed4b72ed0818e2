use crate::connection::{Connection, OnAnswer, OnProgress, Pending, State};
use crate::error::{Error, Violation};
use crate::messages::{client_hello, Options, Output, Ready, WorkerHello};
use crate::wire::encode_frame;
use rmpv::Value;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::mpsc::{channel, Receiver};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The last one that PROTOCOL.md allows.
const MAX_REQUEST_ID: u32 = u32::MAX - 1;
/// The worker says hello before it loads its model.
const HELLO_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a process that the killed worker has left behind, and that holds its output open, can hold up `close`.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// One worker process and the conversation with it; to be shared by threads through a reference or an `Arc`.
///
/// Callbacks run on the thread that reads from the worker: they must be quick, and may cancel and change requests; what
/// would wait there is refused. The worker's log goes to this process's standard error. A client that is dropped without
/// `close` kills its worker.
pub struct Client {
    connection: Arc<Connection>,
}

impl Client {
    /// Starts a worker and exchanges hellos; its model may still be loading.
    pub fn spawn(command: &mut Command) -> Result<Client, Error> {
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(Error::Spawn)?;
        let client = Client { connection: Connection::open(child) };
        let deadline = Instant::now() + HELLO_TIMEOUT;
        let greeted = |state: &State| state.hello.is_some() || state.lost.is_some();
        let state = client.connection.wait_until(Some(deadline), greeted);
        // A worker may be lost right after its hello; that is told by what is asked of the client then, in any order of
        // events.
        if state.hello.is_none() {
            let reason = match &state.lost {
                Some(reason) => reason.clone(),
                None => format!("expected the worker's hello within {HELLO_TIMEOUT:?}, received none"),
            };
            return Err(Error::ConnectionLost(reason));
        }
        drop(state);
        client.connection.send(client_hello())?;
        Ok(client)
    }

    /// Who the worker is.
    pub fn worker(&self) -> WorkerHello {
        self.connection.lock().hello.clone().expect("a spawned client has read hello")
    }

    /// Waits until the worker's model is loaded.
    pub fn ready(&self) -> Result<Ready, Error> {
        self.refuse_on_reader("ready")?;
        let state = self.connection.wait_until(None, |state| state.ready.is_some() || state.lost.is_some());
        state.ready.clone().ok_or_else(|| lost(&state))
    }

    /// Sends one encoded page; waits while the worker has as much in flight as it takes.
    pub fn upscale(&self, data: &[u8], options: &Options) -> Result<Request, Error> {
        self.request(data, options, None)
    }

    /// As `upscale`; `on_progress` hears how many tiles are done, of how many.
    pub fn upscale_with_progress(
        &self,
        data: &[u8],
        options: &Options,
        on_progress: impl Fn(u32, u32) + Send + Sync + 'static,
    ) -> Result<Request, Error> {
        self.request(data, options, Some(Arc::new(on_progress)))
    }

    fn request(
        &self,
        data: &[u8],
        options: &Options,
        on_progress: Option<OnProgress>,
    ) -> Result<Request, Error> {
        let (sender, answer) = channel();
        // Nobody may be left who wants to know.
        let on_answer = move |outcome| drop(sender.send(outcome));
        let control = self.submit(data, options, on_progress, on_answer)?;
        Ok(Request { control, answer })
    }

    /// As `upscale`, with the answer as a callback; it is called exactly once unless this returns an error.
    pub fn submit(
        &self,
        data: &[u8],
        options: &Options,
        on_progress: Option<OnProgress>,
        on_answer: impl FnOnce(Result<Output, Error>) + Send + 'static,
    ) -> Result<Control, Error> {
        self.refuse_on_reader("upscale")?;
        let id = self.connection.change(take_id);
        let mut message = vec![("t", Value::from("upscale")), ("id", id.into())];
        message.extend(options.entries());
        message.push(("progress", on_progress.is_some().into()));
        // Last, as the protocol recommends.
        message.push(("data", data.into()));
        let max_frame = self.worker().max_frame;
        let frame = encode_frame(message, max_frame).map_err(|Violation(text)| Error::Refused(text))?;
        self.wait_for_room(
            id,
            Pending { size: data.len(), on_answer: Box::new(on_answer) as OnAnswer, on_progress },
        )?;
        self.connection.send_frame(frame);
        Ok(Control { id, connection: Arc::clone(&self.connection) })
    }

    fn wait_for_room(&self, id: u32, pending: Pending) -> Result<(), Error> {
        let size = pending.size;
        let may_go_on = |state: &State| state.lost.is_some() || state.is_closing || has_room(state, size);
        let mut state = self.connection.wait_until(None, may_go_on);
        if state.lost.is_some() || state.is_closing {
            return Err(lost(&state));
        }
        state.in_flight_bytes += size;
        state.pending.insert(id, pending);
        Ok(())
    }

    /// Ends the worker once what is in flight is done, and kills it after `timeout`. Returns how it ended, `None` when
    /// that cannot be known. May be called again.
    pub fn close(&self, timeout: Duration) -> Result<Option<ExitStatus>, Error> {
        self.refuse_on_reader("close")?;
        if !self.connection.change(|state| std::mem::replace(&mut state.is_closing, true)) {
            self.connection.send(vec![("t", "shutdown".into()), ("mode", "drain".into())])?;
        }
        let status = self.wait_for_end(timeout);
        if status.is_some() {
            return Ok(status);
        }
        self.connection.kill();
        Ok(self.wait_for_end(AFTER_KILL))
    }

    /// Waits for the end of the worker, however it comes; every request is answered by then.
    pub fn wait(&self) -> Result<ExitStatus, Error> {
        self.refuse_on_reader("wait")?;
        let state = self.connection.wait_until(None, |state| state.exit_status.is_some());
        Ok(state.exit_status.expect("waited for"))
    }

    /// Why nothing more will be answered, once that is so.
    pub fn lost(&self) -> Option<String> {
        self.connection.lock().lost.clone()
    }

    fn wait_for_end(&self, timeout: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now().checked_add(timeout);
        self.connection.wait_until(deadline, |state| state.exit_status.is_some()).exit_status
    }

    fn refuse_on_reader(&self, method: &str) -> Result<(), Error> {
        if self.connection.is_reader() {
            return Err(Error::Refused(format!("expected {method} outside callbacks, received it in one")));
        }
        Ok(())
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.connection.lock().exit_status.is_none() {
            self.connection.kill();
        }
    }
}

/// A page that was sent.
pub struct Request {
    control: Control,
    answer: Receiver<Result<Output, Error>>,
}

impl Request {
    /// Waits for the answer.
    pub fn result(self) -> Result<Output, Error> {
        self.answer.recv().unwrap_or_else(|_| Err(Error::ConnectionLost("the client is gone".to_owned())))
    }

    /// What can be done about the request while another thread waits in `result`.
    pub fn control(&self) -> Control {
        self.control.clone()
    }

    /// See [`Control::cancel`].
    pub fn cancel(&self) {
        self.control.cancel();
    }

    /// See [`Control::set_priority`].
    pub fn set_priority(&self, priority: u32) -> Result<(), Error> {
        self.control.set_priority(priority)
    }
}

/// Changes a request from any thread. Does nothing once it is answered.
#[derive(Clone)]
pub struct Control {
    id: u32,
    connection: Arc<Connection>,
}

impl Control {
    /// Asks the worker to stop; the answer has the code `cancelled` then, unless it was on its way.
    pub fn cancel(&self) {
        // Legal whatever the id.
        let _ = self.send(vec![("t", "cancel".into()), ("id", self.id.into())]);
    }

    /// 0 prefetch, 1 normal, 2 visible.
    pub fn set_priority(&self, priority: u32) -> Result<(), Error> {
        self.send(vec![("t", "update".into()), ("id", self.id.into()), ("priority", priority.into())])
    }

    fn send(&self, message: Vec<(&'static str, Value)>) -> Result<(), Error> {
        if !self.connection.lock().pending.contains_key(&self.id) {
            return Ok(());
        }
        self.connection.send(message)
    }
}

fn has_room(state: &State, size: usize) -> bool {
    let hello = state.hello.as_ref().expect("a spawned client has read hello");
    // An image past the limit by itself is for the worker to refuse.
    let bytes_fit = state.pending.is_empty() || state.in_flight_bytes + size <= hello.max_in_flight_bytes;
    bytes_fit && state.pending.len() < hello.max_in_flight
}

fn take_id(state: &mut State) -> u32 {
    loop {
        state.last_id = if state.last_id >= MAX_REQUEST_ID { 1 } else { state.last_id + 1 };
        if !state.pending.contains_key(&state.last_id) {
            return state.last_id;
        }
    }
}

fn lost(state: &State) -> Error {
    Error::ConnectionLost(state.lost.clone().unwrap_or_else(|| "the client is closed".to_owned()))
}
