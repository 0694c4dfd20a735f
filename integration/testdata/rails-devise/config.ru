# Notes, with Devise as its README sets it up: form posts with a token against
# forgery, sessions in an encrypted cookie, messages by the flash, other methods
# than GET and POST by the field _method. The pages of accounts and their wording
# are those of the gem.
#
# The folder NOTES_DIR takes the database and, as files, the mails.

require "logger"
require "rails"
require "active_record/railtie"
require "action_controller/railtie"
require "action_view/railtie"
require "action_mailer/railtie"
require "devise"
require "devise/orm/active_record"

folder = ENV.fetch("NOTES_DIR")
ENV["DATABASE_URL"] = "sqlite3:" + File.join(folder, "notes.sqlite3")

class Notes < Rails::Application
  config.root = __dir__
  config.load_defaults 6.1
  config.eager_load = false
  config.secret_key_base = "keyboard cat" * 8
  config.logger = Logger.new($stderr)
  config.log_level = :warn
end

Notes.config.action_mailer.delivery_method = :file
Notes.config.action_mailer.file_settings = { location: File.join(folder, "mails") }
Notes.config.action_mailer.default_url_options = { host: "notes.test" }

Devise.setup do |config|
  config.mailer_sender = "notes@x.test"
  config.stretches = 4
end

Notes.initialize!

ActiveRecord::Schema.verbose = false
ActiveRecord::Schema.define do
  create_table :users do |t|
    t.string :email, null: false, index: { unique: true }
    t.string :encrypted_password, null: false
    t.string :reset_password_token, index: { unique: true }
    t.datetime :reset_password_sent_at
    t.datetime :remember_created_at
    t.integer :failed_attempts, null: false, default: 0
    t.string :unlock_token, index: { unique: true }
    t.datetime :locked_at
  end
  create_table :notes do |t|
    t.references :user, null: false
    t.string :text, null: false
  end
end

User.create!(email: "alice@x.test", password: "right horse")
User.create!(email: "bob@x.test", password: "blue kettle").lock_access!(send_instructions: false)

run Notes
