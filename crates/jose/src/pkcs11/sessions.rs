//! A bounded number of sessions with one token, opened as needed, closed when something breaks.
//!
//! A session may be used by one thread at a time. When one breaks, all are given up, the module is
//! initialised again and sessions are opened and logged in anew: a token that was restarted knows
//! none of its old sessions.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Function, Pkcs11};
use cryptoki::error::RvError;
use cryptoki::mechanism::MechanismType;
use cryptoki::object::ObjectHandle;
use cryptoki::session::{Session, UserType};
use cryptoki::slot::Slot;
use cryptoki::types::AuthPin;

use super::{Error, Pkcs11Settings};
use crate::device::DeviceError;

/// How long to wait for a session before giving up: a token that hangs must not collect requests.
const PATIENCE: Duration = Duration::from_secs(2);
/// After it could not be reached, how long nobody tries again. Measured on the machine's own clock:
/// it decides about effort, never about a token.
const REST: Duration = Duration::from_millis(250);

pub(super) struct Sessions {
    settings: Pkcs11Settings,
    state: Mutex<State>,
    given_back: Condvar,
}

#[derive(Default)]
struct State {
    /// `None`: nobody is connected. Kept loaded once it was: unloading crashes some modules.
    module: Option<Pkcs11>,
    slot: Option<Slot>,
    idle: Vec<Line>,
    out: usize,
    /// A session broke: those still out end first, then everything is set up anew.
    broken: bool,
    pin_refused: bool,
    unreachable_since: Option<Instant>,
}

/// One session, and where it found things.
pub(super) struct Line {
    pub session: Session,
    slot: Slot,
    module: Pkcs11,
    handles: HashMap<String, ObjectHandle>,
    used: bool,
}

impl Sessions {
    pub fn new(settings: Pkcs11Settings) -> Self {
        Self { settings, state: Mutex::default(), given_back: Condvar::new() }
    }

    /// Does `work` in a session. One that has been used before may have died meanwhile: then `work`
    /// is done once more, in a new one.
    pub fn with<T>(
        &self,
        work: impl Fn(&mut Line) -> Result<T, DeviceError>,
    ) -> Result<T, DeviceError> {
        loop {
            let mut line = self.take()?;
            let result = work(&mut line);
            let was_used = std::mem::replace(&mut line.used, true);
            match result {
                Err(DeviceError::Away(_)) if was_used => self.give_back(None),
                Err(error @ DeviceError::Away(_)) => {
                    self.give_back(None);
                    return Err(error);
                }
                other => {
                    self.give_back(Some(line));
                    return other;
                }
            }
        }
    }

    fn take(&self) -> Result<Line, DeviceError> {
        let limit = self.settings.sessions;
        let waiting =
            self.given_back.wait_timeout_while(self.lock(), PATIENCE, |state| !state.admits(limit));
        let (mut state, waited) = waiting.unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(DeviceError::Away("all its sessions are busy".to_owned()));
        }
        if state.pin_refused {
            return Err(DeviceError::PinRefused);
        }
        if state.unreachable_since.is_some_and(|since| since.elapsed() < REST) {
            return Err(DeviceError::Away("it failed a moment ago".to_owned()));
        }
        state.out += 1;
        let remains = if state.broken { state.give_up() } else { Vec::new() };
        if let Some(line) = state.idle.pop() {
            return Ok(line);
        }
        let (module, slot) = (state.module.clone(), state.slot);
        // From here on the token is talked to, and others must not wait for the lock meanwhile.
        drop(state);
        drop(remains);
        if let (Some(module), None) = (&module, slot) {
            // Fails where the module lost its mind or never had it; `initialize` tells.
            let _ = module.clone().finalize();
        }
        self.connect(module, slot)
    }

    fn connect(&self, module: Option<Pkcs11>, slot: Option<Slot>) -> Result<Line, DeviceError> {
        match self.open(module, slot) {
            Ok(line) => {
                let mut state = self.lock();
                state.module = Some(line.module.clone());
                state.slot = Some(line.slot);
                state.unreachable_since = None;
                drop(state);
                self.given_back.notify_all();
                Ok(line)
            }
            Err(error) => {
                let mut state = self.lock();
                state.pin_refused |= error == DeviceError::PinRefused;
                state.unreachable_since = Some(Instant::now());
                drop(state);
                self.give_back(None);
                Err(error)
            }
        }
    }

    fn open(&self, module: Option<Pkcs11>, slot: Option<Slot>) -> Result<Line, DeviceError> {
        let module = match module {
            Some(module) => module,
            None => Pkcs11::new(&self.settings.module).map_err(trouble)?,
        };
        let slot = match slot {
            Some(slot) => slot,
            None => self.find_slot(&module)?,
        };
        let session = module.open_rw_session(slot).map_err(trouble)?;
        let pin = String::from_utf8_lossy(self.settings.pin.expose());
        match session.login(UserType::User, Some(&AuthPin::new(pin.as_ref().into()))) {
            // A login is for all sessions of the process.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(error) => return Err(trouble(error)),
        }
        Ok(Line { session, slot, module, handles: HashMap::new(), used: false })
    }

    fn find_slot(&self, module: &Pkcs11) -> Result<Slot, DeviceError> {
        match module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(trouble(error)),
        }
        let label = &self.settings.token_label;
        for slot in module.get_slots_with_token().map_err(trouble)? {
            if module.get_token_info(slot).map_err(trouble)?.label() == label {
                return Ok(slot);
            }
        }
        Err(DeviceError::Away(format!("no token is called {label}")))
    }

    /// `None`: the session broke.
    fn give_back(&self, line: Option<Line>) {
        let mut state = self.lock();
        state.out -= 1;
        let dropped = match line {
            Some(line) if !state.broken => {
                state.idle.push(line);
                None
            }
            other => {
                state.broken = true;
                other
            }
        };
        drop(state);
        drop(dropped);
        self.given_back.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Whoever sets everything up does it alone.
    fn admits(&self, limit: usize) -> bool {
        self.out == 0 || (self.slot.is_some() && !self.broken && self.out < limit)
    }

    /// Forgets the slot, so that the next one sets everything up. Returns the sessions, which end
    /// before the module does.
    fn give_up(&mut self) -> Vec<Line> {
        self.broken = false;
        self.slot = None;
        std::mem::take(&mut self.idle)
    }
}

impl Line {
    pub fn mechanisms(&self) -> Result<Vec<MechanismType>, DeviceError> {
        self.module.get_mechanism_list(self.slot).map_err(trouble)
    }

    pub fn handle(&self, label: &str) -> Option<ObjectHandle> {
        self.handles.get(label).copied()
    }

    pub fn remember(&mut self, label: &str, handle: ObjectHandle) -> ObjectHandle {
        self.handles.insert(label.to_owned(), handle);
        handle
    }

    pub fn forget(&mut self, label: &str) {
        self.handles.remove(label);
    }
}

/// What an error of the module means for us. Whatever is not known to be about one operation is
/// taken as a sign that the token is in trouble.
pub(super) fn trouble(error: Error) -> DeviceError {
    use RvError as Rv;

    match error {
        Error::Pkcs11(
            Rv::PinIncorrect
            | Rv::PinInvalid
            | Rv::PinLenRange
            | Rv::PinExpired
            | Rv::PinLocked
            | Rv::UserPinNotInitialized,
            _,
        ) => DeviceError::PinRefused,
        // What some modules say of a tag that does not fit.
        Error::Pkcs11(Rv::GeneralError | Rv::FunctionFailed, Function::Decrypt) => {
            DeviceError::Refused(error.to_string())
        }
        Error::Pkcs11(
            Rv::ActionProhibited
            | Rv::AttributeReadOnly
            | Rv::AttributeTypeInvalid
            | Rv::AttributeValueInvalid
            | Rv::CurveNotSupported
            | Rv::DataInvalid
            | Rv::DataLenRange
            | Rv::DomainParamsInvalid
            | Rv::EncryptedDataInvalid
            | Rv::EncryptedDataLenRange
            | Rv::FunctionNotSupported
            | Rv::KeyFunctionNotPermitted
            | Rv::KeySizeRange
            | Rv::KeyTypeInconsistent
            | Rv::MechanismInvalid
            | Rv::MechanismParamInvalid
            | Rv::TemplateIncomplete
            | Rv::TemplateInconsistent,
            _,
        ) => DeviceError::Refused(error.to_string()),
        error => DeviceError::Away(error.to_string()),
    }
}
