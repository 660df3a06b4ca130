package app

// DropSetup takes away what proofs are made with: no square can be built.
func (a *App) DropSetup() {
	a.setup = nil
}
