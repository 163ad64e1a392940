;;; emacs.el --- Eglot with the lines that the README shows: signs up, connects a service, asks who that is  -*- lexical-binding: t; -*-

;; Environment: CONFIG, the README's lines in a file; FILE, a text file to open; AGENTS, a folder with the agent. One JSON object a line goes to stdout.

(require 'json)
(package-initialize)

(defun tell (event &rest more)
  ;; `princ' would keep it in a buffer.
  (send-string-to-terminal (concat (json-serialize (append (list :event event) more) :null-object nil :false-object :json-false) "\n")))

(defvar ended nil "The attempts that have ended.")

(defun result-of (name &rest argument)
  (let ((result (apply #'codestream name argument)))
    (tell name :result result)
    result))

;; Waits for the end of what was begun.
(defun until-ended (started)
  (while (not (member (plist-get started :attemptId) ended))
    (accept-process-output nil 1)))

(condition-case trouble
    (progn
      (push (getenv "AGENTS") exec-path)
      (load (getenv "CONFIG") nil t)
      (advice-add 'codestream-show :after
                  (lambda (attempt)
                    (tell "attempt" :attempt attempt)
                    (when (plist-get attempt :end) (push (plist-get attempt :attemptId) ended))))
      (find-file (getenv "FILE"))
      (call-interactively #'eglot)
      (tell "ready" :version emacs-version)
      (until-ended (result-of "login.sso" :provider "github" :signup t))
      (until-ended (result-of "provider.connect" :providerId "trello"))
      (result-of "provider.me" :providerId "trello")
      (result-of "provider.list")
      (eglot-shutdown (eglot-current-server))
      (tell "exit"))
  (error (tell "error" :error (error-message-string trouble))))
