-- The value in KEYS[1], unless it has expired at ARGV[1].
local stored = redis.call('GET', KEYS[1])
if stored and tonumber(string.sub(stored, 1, 16)) > tonumber(ARGV[1]) then
  return string.sub(stored, 17)
end
return false
