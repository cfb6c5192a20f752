-- Visits a page, and then asks for the small image that it ends in, as a browser does. Writes the
-- result as a line of JSON; a request is a whole visit there.

local threads, images, page = {}, {}, nil
seen = 0

function setup(thread) threads[#threads + 1] = thread end

function init() page = wrk.format() end

function request()
  local image = table.remove(images)
  if image then return wrk.format("GET", image) end
  return page
end

function response(status, headers, body)
  local image = body:match('src="(/e/[^"]+)"')
  if image then images[#images + 1] = image else seen = seen + 1 end
end

function done(summary, latency)
  local errors, visits = summary.errors, 0
  for _, thread in ipairs(threads) do visits = visits + thread:get("seen") end
  io.write(string.format(
    '{"requests":%d,"seconds":%.6f,"refused":%d,"broken":%d,"p50_ms":%.3f,"p99_ms":%.3f,"max_ms":%.3f}\n',
    visits, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3))
end
