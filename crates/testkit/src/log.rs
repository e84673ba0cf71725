//! What the server wrote to its log while a test listened.
//!
//! One subscriber for the whole process, installed before the first server: subscribers that come and
//! go make `tracing` forget, for a moment, that anybody listens. It costs a look at a flag on threads
//! where nobody does.

use std::cell::RefCell;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once, PoisonError};

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;

type Text = Arc<Mutex<Vec<u8>>>;

thread_local! {
    static LISTENING: RefCell<Option<Text>> = const { RefCell::new(None) };
}

/// Everything logged on this thread until it is dropped: the whole server, because a test runs on one.
pub struct Log(Text);

impl Log {
    pub fn capture() -> Self {
        install();
        let text = Text::default();
        LISTENING.set(Some(Arc::clone(&text)));
        Self(text)
    }

    pub fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        String::from_utf8(bytes).expect("the log is UTF-8")
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

/// Called by every server that starts.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let listening = dynamic_filter_fn(|_, _| LISTENING.with_borrow(Option::is_some));
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| ThisThread);
        tracing_subscriber::registry().with(lines.with_filter(listening)).init();
    });
}

struct ThisThread;

impl Write for ThisThread {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LISTENING.with_borrow(|text| match text {
            Some(text) => text.lock().unwrap_or_else(PoisonError::into_inner).write(bytes),
            None => Ok(bytes.len()),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
