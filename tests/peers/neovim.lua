-- Neovim's built-in LSP client with the configuration that the README shows: connects to GitHub by command, asks who it is, and
-- ends the agent.
-- `nvim --headless -l` is newer than 0.7, so this is sourced. Environment: AGENT (binary), SERVER (API origin), TOKEN (session
-- token). One JSON object a line goes to stdout.
local function tell(event)
  io.stdout:write(vim.fn.json_encode(event) .. '\n')
  io.stdout:flush()
end

local here = vim.fn.fnamemodify(debug.getinfo(1, 'S').source:sub(2), ':p:h')
local codestream = dofile(here .. '/../../editors/neovim/codestream.lua')

local function execute(name, argument, done)
  codestream.execute(name, argument, function(err, result)
    tell({ event = 'codestream.agent.' .. name, error = err, result = result })
    if done then done() end
  end)
end

-- What a person sees is told to the test instead.
function codestream.open(url)
  tell({ event = 'showDocument', params = { uri = url, external = true } })
  return true
end
function codestream.show(attempt)
  tell({ event = 'attempt', params = { attempt = attempt } })
  if attempt['end'] then
    execute('provider.me', { providerId = 'github' }, codestream.stop)
  end
end

tell({ event = 'ready', version = tostring(vim.version().major) .. '.' .. tostring(vim.version().minor) })
local id = codestream.setup({
  cmd = { vim.env.AGENT, '--stdio' },
  server = vim.env.SERVER,
  token = vim.env.TOKEN,
  session = vim.fn.tempname(),
  on_ready = function() execute('provider.connect', { providerId = 'github*com' }) end,
  -- These two are called where Vim's own functions must not be.
  on_error = vim.schedule_wrap(function(code, err) tell({ event = 'error', code = code, error = tostring(err) }) end),
  on_exit = vim.schedule_wrap(function(code, signal)
    tell({ event = 'exit', code = code, signal = signal })
    vim.cmd('qa!')
  end),
})
if not id then tell({ event = 'error', error = 'the agent did not start' }) end
