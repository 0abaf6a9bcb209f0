//! Argon2 and the PHC strings it is stored in.

use argon2::password_hash::phc::{Output, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;

/// The bytes of a salt and of a hash, as RFC 9106 recommends them.
pub(super) const SALT: usize = 16;
pub(super) const OUTPUT: usize = 32;

/// Room for so many blocks is asked for, though fewer are used. An allocator that keeps freed
/// memory for later hands a piece this large straight back to the system: glibc does from 32 MiB
/// on. Otherwise every thread that ever hashed would hold on to its 19 MiB. Pages that are not
/// used cost nothing.
const ROOM: usize = 33 * 1_024;

/// The cost as Argon2 wants it.
pub(super) fn cost(memory_kib: u32, iterations: u32, lanes: u32) -> Result<Params, String> {
    Params::new(memory_kib, iterations, lanes, Some(OUTPUT)).map_err(|error| error.to_string())
}

/// A PHC string with a fresh salt. Blocks the thread.
pub(super) fn hash(cost: &Params, password: &[u8]) -> Result<String, String> {
    let mut salt = [0_u8; SALT];
    getrandom::fill(&mut salt).map_err(|error| error.to_string())?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost.clone());
    let output = derive(&argon, password, &salt, OUTPUT).map_err(|error| error.to_string())?;
    Ok(phc(cost, &salt, &output)?.to_string())
}

/// Whether the hash is that of the password, in constant time. Blocks the thread.
pub(super) fn matches(hash: &PasswordHash, password: &[u8]) -> bool {
    let Some((argon, salt, expected)) = parts(hash) else {
        return false;
    };
    derive(&argon, password, salt, expected.len()).is_ok_and(|output| output.ct_eq(expected).into())
}

/// A hash of nothing at the current cost. Random bytes stand where the output would be: it costs
/// the start no hash, and no password is known that fits it.
pub(super) fn nobody(cost: &Params) -> Result<PasswordHash, String> {
    let mut bytes = [0_u8; SALT + OUTPUT];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    let (salt, output) = bytes.split_at(SALT);
    phc(cost, salt, output)
}

/// A stored hash that can be compared at all.
pub(super) fn usable(stored: &str) -> Option<PasswordHash> {
    PasswordHash::new(stored)
        .ok()
        .filter(|hash| parts(hash).is_some())
}

/// Whether the hash is as a new one would be.
pub(super) fn is_current(hash: &PasswordHash, cost: &Params) -> bool {
    let numbers = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
    hash.algorithm == Algorithm::Argon2id.ident()
        && hash.version == Some(Version::V0x13.into())
        && hash.salt.as_ref().is_some_and(|salt| salt.len() >= SALT)
        && hash
            .hash
            .as_ref()
            .is_some_and(|output| output.len() == OUTPUT)
        && Params::try_from(hash).is_ok_and(|params| numbers(&params) == numbers(cost))
}

/// What a comparison needs. PHC strings without a version are of the first one, 1.0.
fn parts(hash: &PasswordHash) -> Option<(Argon2<'static>, &[u8], &[u8])> {
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = match hash.version {
        Some(number) => Version::try_from(number).ok()?,
        None => Version::V0x10,
    };
    let params = Params::try_from(hash).ok()?;
    let argon = Argon2::new(algorithm, version, params);
    Some((
        argon,
        hash.salt.as_ref()?.as_ref(),
        hash.hash.as_ref()?.as_bytes(),
    ))
}

fn derive(
    argon: &Argon2<'_>,
    password: &[u8],
    salt: &[u8],
    length: usize,
) -> Result<Vec<u8>, argon2::Error> {
    let count = argon.params().block_count();
    let mut blocks = Vec::new();
    blocks
        .try_reserve_exact(count.max(ROOM))
        .map_err(|_| argon2::Error::OutOfMemory)?;
    blocks.resize(count, Block::default());
    let mut output = vec![0_u8; length];
    argon.hash_password_into_with_memory(password, salt, &mut output, blocks.as_mut_slice())?;
    Ok(output)
}

fn phc(cost: &Params, salt: &[u8], output: &[u8]) -> Result<PasswordHash, String> {
    let params = cost
        .try_into()
        .map_err(|error: argon2::password_hash::Error| error.to_string())?;
    Ok(PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params,
        salt: Some(Salt::new(salt).map_err(|error| error.to_string())?),
        hash: Some(Output::new(output).map_err(|error| error.to_string())?),
    })
}
