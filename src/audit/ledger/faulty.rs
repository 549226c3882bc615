//! A file system in memory that loses what was not synced, fails at any step, fills up, and writes short.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::audit::disk::{Disk, LogFile};
use crate::store::StoreError;

/// Pages are small, so that a record spans several.
const PAGE: usize = 64;

/// xorshift64*: the same seed gives the same history.
#[derive(Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let mixed = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(mixed).unwrap() % limit
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// What goes wrong at a step that changes the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The power fails before the step is done: it and all later ones fail.
    PowerCut,
    /// This one step fails.
    Broken,
}

#[derive(Clone, Default)]
struct Inode {
    /// What is on the disk.
    durable: Vec<u8>,
    /// What reading sees.
    visible: Vec<u8>,
    /// Pages that a sync would write.
    dirty: Vec<bool>,
}

impl Inode {
    fn mark(&mut self, from: usize) {
        self.dirty.resize(self.visible.len().div_ceil(PAGE), true);
        for page in &mut self.dirty[from / PAGE..] {
            *page = true;
        }
    }

    /// Brings some of the dirty pages to the disk.
    fn write_back(&mut self, mut chosen: impl FnMut() -> bool) {
        self.durable.resize(self.visible.len(), 0);
        for (page, dirty) in self.dirty.iter_mut().enumerate() {
            let range = page * PAGE..((page + 1) * PAGE).min(self.visible.len());
            if *dirty && chosen() {
                self.durable[range.clone()].copy_from_slice(&self.visible[range]);
            }
            *dirty = false;
        }
    }
}

struct State {
    inodes: Vec<Inode>,
    visible: BTreeMap<PathBuf, usize>,
    durable: BTreeMap<PathBuf, usize>,
    random: Random,
    steps: usize,
    pub trace: Vec<String>,
    fault: Option<(usize, Fault)>,
    dead: bool,
    /// Bytes that there is still room for.
    room: Option<usize>,
}

impl State {
    /// Counts a step and says whether it fails.
    fn step(&mut self) -> io::Result<()> {
        self.steps += 1;
        let t = format!(
            "step {} {:?} dead {} visible {:?} durable {:?}",
            self.steps,
            self.fault,
            self.dead,
            self.visible
                .iter()
                .map(|(p, i)| (
                    p.file_name().unwrap(),
                    i,
                    self.inodes[*i].visible.len(),
                    self.inodes[*i].durable.len()
                ))
                .collect::<Vec<_>>(),
            self.durable
                .iter()
                .map(|(p, i)| (p.file_name().unwrap(), i))
                .collect::<Vec<_>>()
        );
        self.trace.push(t);
        match self.fault {
            Some((at, Fault::PowerCut)) if at == self.steps => self.dead = true,
            Some((at, Fault::Broken)) if at == self.steps => {
                return Err(io::Error::from_raw_os_error(5));
            }
            _ => {}
        }
        if self.dead {
            Err(io::Error::from_raw_os_error(5))
        } else {
            Ok(())
        }
    }

    fn take_room(&mut self, wanted: usize) -> io::Result<usize> {
        let Some(room) = self.room else {
            return Ok(wanted);
        };
        if room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let taken = wanted.min(room);
        self.room = Some(room - taken);
        Ok(taken)
    }

    fn create(&mut self, path: &Path) -> usize {
        self.inodes.push(Inode::default());
        self.visible.insert(path.to_owned(), self.inodes.len() - 1);
        self.inodes.len() - 1
    }
}

/// The file system.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

impl Faulty {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            inodes: Vec::new(),
            visible: BTreeMap::new(),
            durable: BTreeMap::new(),
            random: Random::new(seed),
            steps: 0,
            trace: Vec::new(),
            fault: None,
            dead: false,
            room: None,
        })))
    }

    /// The `after`th step from now fails.
    pub(crate) fn plan(&self, after: usize, fault: Fault) {
        let mut state = self.0.lock().unwrap();
        state.fault = Some((state.steps + after, fault));
    }

    /// Leaves room for this many bytes; `None`: as many as there are.
    pub(crate) fn set_room(&self, room: Option<usize>) {
        self.0.lock().unwrap().room = room;
    }

    pub(crate) fn dump(&self) {
        let s = self.0.lock().unwrap();
        for t in &s.trace {
            println!("{t}");
        }
        println!(
            "END visible {:?} durable {:?}",
            s.visible
                .iter()
                .map(|(p, i)| (
                    p.file_name().unwrap(),
                    i,
                    s.inodes[*i].visible.len(),
                    s.inodes[*i].durable.len()
                ))
                .collect::<Vec<_>>(),
            s.durable
                .iter()
                .map(|(p, i)| (p.file_name().unwrap(), i))
                .collect::<Vec<_>>()
        );
    }
    /// Keeps every step waiting.
    pub(crate) fn hold(&self) -> impl Drop + '_ {
        self.0.lock().unwrap()
    }

    /// Whether the power has failed.
    pub(crate) fn is_dead(&self) -> bool {
        self.0.lock().unwrap().dead
    }

    /// What is there when the power is back: everything synced, and of the rest whatever pages and names happened to get
    /// written.
    pub(crate) fn power_up(&self) {
        let mut state = self.0.lock().unwrap();
        let state = &mut *state;
        let random = &mut state.random;
        for inode in &mut state.inodes {
            match random.below(3) {
                0 => {}
                1 => inode.write_back(|| random.chance(50)),
                // In order, up to somewhere.
                _ => {
                    let keep = inode.durable.len()
                        + random.below(inode.visible.len().saturating_sub(inode.durable.len()) + 1);
                    if inode.visible.len() > inode.durable.len() {
                        let tail = inode.visible[inode.durable.len()..keep].to_vec();
                        inode.durable.extend(tail);
                    }
                }
            }
            inode.visible = inode.durable.clone();
            inode.dirty = vec![false; inode.visible.len().div_ceil(PAGE)];
        }
        if random.chance(50) {
            state.durable = state.visible.clone();
        }
        state.visible = state.durable.clone();
        state.fault = None;
        state.dead = false;
        state.room = None;
    }

    /// A copy of everything below a folder, as an administrator would make it.
    pub(crate) fn copy(&self, folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let state = self.0.lock().unwrap();
        let below = state.visible.iter().filter(|(path, _)| path.starts_with(folder));
        below
            .map(|(path, inode)| (path.clone(), state.inodes[*inode].visible.clone()))
            .collect()
    }

    /// Puts a copy back in the place of whatever is there.
    pub(crate) fn put_back(&self, folder: &Path, copy: &[(PathBuf, Vec<u8>)]) {
        let mut state = self.0.lock().unwrap();
        state.visible.retain(|path, _| !path.starts_with(folder));
        for (path, bytes) in copy {
            let inode = state.create(path);
            state.inodes[inode] = Inode {
                durable: bytes.clone(),
                visible: bytes.clone(),
                dirty: vec![false; bytes.len().div_ceil(PAGE)],
            };
        }
        state.durable = state.visible.clone();
    }
}

fn write_error(path: &Path, source: io::Error) -> StoreError {
    StoreError::Write {
        path: path.to_owned(),
        source,
    }
}

impl Disk for Faulty {
    fn open_log(&self, path: &Path) -> Result<Box<dyn LogFile>, StoreError> {
        let mut state = self.0.lock().unwrap();
        state.step().map_err(|source| write_error(path, source))?;
        let inode = match state.visible.get(path) {
            Some(inode) => *inode,
            None => {
                if state.room == Some(0) {
                    return Err(write_error(path, io::ErrorKind::StorageFull.into()));
                }
                state.create(path)
            }
        };
        Ok(Box::new(FaultyLog {
            disk: self.clone(),
            path: path.to_owned(),
            inode,
        }))
    }

    fn open(&self, path: &Path) -> Result<Box<dyn Read + Send>, StoreError> {
        let state = self.0.lock().unwrap();
        match state.visible.get(path) {
            Some(inode) => Ok(Box::new(Cursor::new(state.inodes[*inode].visible.clone()))),
            None => Err(StoreError::NotFound {
                path: path.to_owned(),
            }),
        }
    }

    fn forget(&self, path: &Path) -> Result<(), StoreError> {
        let mut state = self.0.lock().unwrap();
        if let Some(inode) = state.visible.get(path).copied() {
            let inode = &mut state.inodes[inode];
            inode.write_back(|| true);
            inode.visible = inode.durable.clone();
        }
        Ok(())
    }

    fn list(&self, folder: &Path) -> Result<Vec<String>, StoreError> {
        let state = self.0.lock().unwrap();
        let below = state.visible.keys().filter(|path| path.parent() == Some(folder));
        Ok(below
            .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
            .collect())
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let mut state = self.0.lock().unwrap();
        state.step().map_err(|source| write_error(to, source))?;
        if state.visible.contains_key(to) {
            return Err(StoreError::Exists { path: to.to_owned() });
        }
        let Some(inode) = state.visible.remove(from) else {
            return Err(write_error(to, io::ErrorKind::NotFound.into()));
        };
        state.visible.insert(to.to_owned(), inode);
        // Renaming is done, making it durable may still fail.
        state.step().map_err(|source| write_error(to, source))?;
        state.durable = state.visible.clone();
        Ok(())
    }

    fn sync_folder(&self, folder: &Path) -> Result<(), StoreError> {
        let mut state = self.0.lock().unwrap();
        state.step().map_err(|source| write_error(folder, source))?;
        state.durable = state.visible.clone();
        Ok(())
    }

    fn read(&self, path: &Path, _limit: usize) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.0.lock().unwrap();
        let inode = state.visible.get(path);
        Ok(inode.map(|inode| state.inodes[*inode].visible.clone()))
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let mut state = self.0.lock().unwrap();
        state.step().map_err(|source| write_error(path, source))?;
        let failed = |source| write_error(path, source);
        if state.take_room(bytes.len()).map_err(failed)? < bytes.len() {
            return Err(failed(io::ErrorKind::StorageFull.into()));
        }
        let inode = state.create(path);
        state.inodes[inode] = Inode {
            durable: bytes.to_vec(),
            visible: bytes.to_vec(),
            dirty: vec![false; bytes.len().div_ceil(PAGE)],
        };
        // Of the names, only this one is made durable: a rename that waits for its own sync still does.
        state.durable.insert(path.to_owned(), inode);
        Ok(())
    }

    fn probe(&self, _folder: &Path) -> io::Result<()> {
        match self.0.lock().unwrap().room {
            Some(room) if room < 4096 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(()),
        }
    }
}

struct FaultyLog {
    disk: Faulty,
    path: PathBuf,
    inode: usize,
}

impl LogFile for FaultyLog {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.disk.0.lock().unwrap();
        state.step()?;
        let mut wanted = bytes.len();
        if state.random.chance(10) {
            wanted = 1 + state.random.below(wanted);
        }
        let taken = state.take_room(wanted)?;
        let inode = &mut state.inodes[self.inode];
        let from = inode.visible.len();
        inode.visible.extend_from_slice(&bytes[..taken]);
        inode.mark(from);
        Ok(taken)
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        let result = state.step();
        if state.dead {
            return result;
        }
        let mut random = state.random.clone();
        let failed = result.is_err();
        // A failed sync leaves pages that reading sees, that the disk never got, and that no later sync writes.
        state.inodes[self.inode].write_back(|| !failed || random.chance(50));
        state.random = random;
        result
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock().unwrap();
        state.step()?;
        let length = usize::try_from(length).unwrap();
        let inode = &mut state.inodes[self.inode];
        let freed = inode.visible.len() - length;
        inode.visible.truncate(length);
        inode.dirty.truncate(length.div_ceil(PAGE));
        if let Some(room) = &mut state.room {
            *room += freed;
        }
        Ok(())
    }

    fn length(&self) -> io::Result<u64> {
        let state = self.disk.0.lock().unwrap();
        if state.visible.get(&self.path) == Some(&self.inode) {
            Ok(state.inodes[self.inode].visible.len() as u64)
        } else {
            Err(io::Error::other("renamed"))
        }
    }
}
