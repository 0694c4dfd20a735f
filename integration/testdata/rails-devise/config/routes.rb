Rails.application.routes.draw do
  devise_for :users
  resources :notes, only: %i[index create]
  root "notes#welcome"
end
