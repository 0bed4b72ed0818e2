use bdreader_client::{Client, Control, Error, Options, Output};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::Command;
use std::sync::mpsc::{channel, Receiver, Sender};
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, io};

const PREFETCH: u32 = 0;
const VISIBLE: u32 = 2;
const AHEAD: usize = 3;
const BEHIND: usize = 1;

/// Index of the page, number of the request, what became of it.
type Answer = (usize, u64, Result<Output, Error>);

/// A page that the worker has. Its number tells its answer from that of an earlier, cancelled request.
struct Work {
    number: u64,
    control: Control,
}

/// The pages of one book, upscaled around the one that is looked at.
pub struct UpscaledBook {
    pages: Vec<PathBuf>,
    cache_folder: PathBuf,
    worker_command: Vec<String>,
    client: Option<Client>,
    under_way: HashMap<usize, Work>,
    /// In flight when a worker died: one of them may be why, so they are never prefetched again.
    suspects: HashSet<usize>,
    requests: u64,
    answer: Sender<Answer>,
    answers: Receiver<Answer>,
}

impl UpscaledBook {
    /// `cache_folder` is one of its own for each version of the worker, model and set of options.
    pub fn new(pages: Vec<PathBuf>, cache_folder: PathBuf, worker_command: Vec<String>) -> io::Result<Self> {
        fs::create_dir_all(&cache_folder)?;
        let (answer, answers) = channel();
        let (client, under_way, suspects) = (None, HashMap::new(), HashSet::new());
        Ok(Self {
            pages,
            cache_folder,
            worker_command,
            client,
            under_way,
            suspects,
            requests: 0,
            answer,
            answers,
        })
    }

    /// The file to show and where it comes from: the cache, the worker, or the original book.
    pub fn turn_to(&mut self, visible: usize) -> io::Result<(PathBuf, &'static str)> {
        self.keep_finished()?;
        let upscaled = self.cached(visible)?;
        if upscaled.exists() {
            self.prefetch_around(visible)?;
            return Ok((upscaled, "cache"));
        }
        // The second try is a new worker's, and the page's alone.
        for is_retry in [false, true] {
            let outcome = match self.request(visible, VISIBLE)? {
                Ok(()) if is_retry => self.wait_for(visible)?,
                Ok(()) => {
                    self.prefetch_around(visible)?;
                    self.wait_for(visible)?
                }
                refused => refused,
            };
            match outcome {
                Ok(()) => return Ok((upscaled, "worker")),
                Err(Error::ConnectionLost(reason)) => eprintln!("the worker is lost: {reason}"),
                Err(failure) => {
                    eprintln!("page {}: {failure}", visible + 1);
                    break;
                }
            }
        }
        Ok((self.pages[visible].clone(), "original"))
    }

    /// Lets the worker finish what it has, and ends it.
    pub fn close(mut self) -> io::Result<()> {
        if let Some(client) = self.client.take() {
            client.close(Duration::from_secs(30)).map_err(to_io)?;
        }
        self.keep_finished()
    }

    fn prefetch_around(&mut self, visible: usize) -> io::Result<()> {
        let near: Vec<usize> = (visible + 1..=visible + AHEAD)
            .chain(visible.saturating_sub(BEHIND)..visible)
            .filter(|&index| index < self.pages.len())
            .collect();
        self.under_way.retain(|index, work| {
            let is_wanted = *index == visible || near.contains(index);
            if !is_wanted {
                work.control.cancel();
            }
            is_wanted
        });
        for index in near {
            if !self.suspects.contains(&index) && !self.cached(index)?.exists() {
                // Whether it could be sent shows when the page is looked at.
                let _ = self.request(index, PREFETCH)?;
            }
        }
        Ok(())
    }

    /// Sends the page, or changes the priority that it was sent with.
    fn request(&mut self, index: usize, priority: u32) -> io::Result<Result<(), Error>> {
        if let Some(work) = self.under_way.get(&index) {
            return Ok(work.control.set_priority(priority));
        }
        let client = match self.client.take().filter(|client| client.lost().is_none()) {
            Some(client) => client,
            None => Client::spawn(Command::new(&self.worker_command[0]).args(&self.worker_command[1..]))
                .map_err(to_io)?,
        };
        let client = self.client.insert(client);
        self.requests += 1;
        let (number, answer) = (self.requests, self.answer.clone());
        // Nobody may be left who wants to know.
        let on_answer = move |outcome| drop(answer.send((index, number, outcome)));
        let options = Options { priority: Some(priority), ..Options::default() };
        let sent = client.submit(&fs::read(&self.pages[index])?, &options, None, on_answer);
        Ok(sent.map(|control| drop(self.under_way.insert(index, Work { number, control }))))
    }

    /// Takes answers until that of the page, which must be under way.
    fn wait_for(&mut self, visible: usize) -> io::Result<Result<(), Error>> {
        loop {
            let answer = self.answers.recv().expect("the book itself holds a sender");
            if let Some((index, outcome)) = self.keep(answer)? {
                if index == visible {
                    return Ok(outcome);
                }
            }
        }
    }

    fn keep_finished(&mut self) -> io::Result<()> {
        while let Ok(answer) = self.answers.try_recv() {
            self.keep(answer)?;
        }
        Ok(())
    }

    /// Stores a page that is still wanted; `None` for the answer to a request that was given up.
    fn keep(&mut self, (index, number, outcome): Answer) -> io::Result<Option<(usize, Result<(), Error>)>> {
        if self.under_way.get(&index).map(|work| work.number) != Some(number) {
            return Ok(None);
        }
        self.under_way.remove(&index);
        match outcome {
            Ok(output) => {
                let path = self.cached(index)?;
                let part = path.with_extension("part");
                fs::write(&part, &output.data)?;
                fs::rename(part, path)?;
                Ok(Some((index, Ok(()))))
            }
            Err(failure) => {
                if let Error::ConnectionLost(_) = failure {
                    self.suspects.insert(index);
                }
                Ok(Some((index, Err(failure))))
            }
        }
    }

    fn cached(&self, index: usize) -> io::Result<PathBuf> {
        let metadata = fs::metadata(&self.pages[index])?;
        let changed = metadata.modified()?.duration_since(UNIX_EPOCH).map_err(to_io)?;
        let name = self.pages[index].file_name().unwrap_or_default().to_string_lossy();
        Ok(self.cache_folder.join(format!("{name}-{}-{}.webp", metadata.len(), changed.as_nanos())))
    }
}

fn to_io(error: impl std::error::Error + Send + Sync + 'static) -> io::Error {
    io::Error::new(io::ErrorKind::Other, error)
}
