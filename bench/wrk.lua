-- Sends the requests of bench/wrk.py, and writes the result as a line of JSON.
-- Arguments: a file of ids, one a line, which replace @ in the address in turn, or "-";
-- the number of ids to begin after;
-- and the mean pause of a connection before each request, in milliseconds.

function init(args)
  if args[1] ~= "-" then
    -- A table of a million ids would stop wrk for 40 ms each time that Lua looks for garbage.
    local ids = io.open(args[1])
    local before, after = wrk.format():match("^(.-)@(.*)$")
    local function next_id()
      local id = ids:read("*l")
      if not id then
        ids:seek("set")
        id = ids:read("*l")
      end
      return id
    end
    for _ = 1, tonumber(args[2]) do next_id() end
    function request() return before .. next_id() .. after end
  end
  local pause = tonumber(args[3])
  if pause > 0 then
    function delay() return math.random(0, 2 * pause) end
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f}\n',
    summary.requests, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
