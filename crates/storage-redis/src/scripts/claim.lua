-- Claims something that counts once, if this memory can tell that it does; all in one step.
--   KEYS[1]  the epoch of this shard: "run id:replication id:began at"
--   KEYS[2]  the claim; without it the epoch is only made sure of
--   ARGV     when an epoch that begins now begins · issued at · for how long to remember (all ms)
-- Answers {granted, when the epoch began, whether it began with this call}.

local info = redis.call('INFO', 'server', 'replication')
local memory = string.match(info, 'run_id:(%x+)') .. ':' .. string.match(info, 'master_replid:(%x+)') .. ':'
local epoch = redis.call('GET', KEYS[1])
local began, new

if epoch and string.sub(epoch, 1, #memory) == memory then
  began, new = tonumber(string.sub(epoch, #memory + 1)), 0
else
  -- Flushed, restarted, promoted, or restored from a dump: claims may be missing.
  local room = redis.call('INFO', 'memory')
  local policy = string.match(room, 'maxmemory_policy:(%S+)')
  if policy ~= 'noeviction' and string.match(room, 'maxmemory:(%d+)') ~= '0' then
    return redis.error_reply('EVICTS maxmemory-policy is ' .. policy .. ': claims would be dropped; set noeviction')
  end
  redis.call('SET', KEYS[1], memory .. ARGV[1])
  began, new = tonumber(ARGV[1]), 1
end

if not KEYS[2] or tonumber(ARGV[2]) < began then
  return {0, began, new}
end
local granted = redis.call('SET', KEYS[2], '1', 'NX', 'PX', ARGV[3])
return {granted and 1 or 0, began, new}
