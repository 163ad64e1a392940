-- Neovim's built-in LSP client against the agent: `nvim --headless -u NONE -l` is newer than 0.7, so this is sourced.
-- Environment: AGENT (binary), SERVER (API origin), TOKEN (session token). One JSON object a line goes to stdout.
local function tell(event)
  io.stdout:write(vim.fn.json_encode(event) .. '\n')
  io.stdout:flush()
end

vim.lsp.handlers['window/showDocument'] = function(_, params)
  tell({ event = 'showDocument', params = params })
  return { success = true }
end
vim.lsp.handlers['codestream/attempt/didChange'] = function(_, params)
  tell({ event = 'attempt', params = params })
  if params.attempt['end'] then
    vim.schedule(function() vim.cmd('qa!') end)
  end
end

local capabilities = vim.lsp.protocol.make_client_capabilities()
capabilities.window.showDocument = { support = true }

vim.lsp.start_client({
  name = 'codestream',
  cmd = { vim.env.AGENT, '--stdio' },
  root_dir = vim.fn.getcwd(),
  capabilities = capabilities,
  init_options = { serverUrl = vim.env.SERVER, accessToken = vim.env.TOKEN, ide = { name = 'Neovim', version = '0.7' } },
  on_init = function(client)
    client.request('workspace/executeCommand', {
      command = 'codestream.agent.provider.connect',
      arguments = { { providerId = 'github*com' } },
    }, function(err, result)
      tell({ event = 'connect', error = err, result = result })
    end)
  end,
  on_exit = function(code) tell({ event = 'exit', code = code }) end,
})
