class NotesController < ApplicationController
  before_action :authenticate_user!, except: :welcome

  def welcome; end

  def index
    @notes = current_user.notes
  end

  def create
    current_user.notes.create!(text: params.require(:note).require(:text))
    redirect_to notes_path, notice: "Noted."
  end
end
