-- Sends the requests of a file one after the other; see requests.py.
local requests, at = {}, 0

function init(args)
  local file = io.open(args[1], "rb")
  while true do
    local size = file:read(8)
    if not size then break end
    requests[#requests + 1] = file:read(tonumber(size))
  end
  file:close()
end

function request()
  at = at + 1
  if at > #requests then
    io.stderr:write("the file of requests is at its end\n")
    os.exit(3)
  end
  return requests[at]
end

local bad = 0
function response(status)
  if status ~= 200 then bad = bad + 1 end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    "result %d %d %d %d %d %d\n",
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    errors.connect + errors.read + errors.write + errors.timeout, errors.status))
end
