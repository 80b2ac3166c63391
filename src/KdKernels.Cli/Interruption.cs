using System.Runtime.InteropServices;

namespace KdKernels.Cli;

/// <summary>
/// The first SIGINT or SIGTERM asks the run to save and stop; the second one ends the process at once, as it would without us.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly TextWriter _error;
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    public Interruption(TextWriter error, CancellationToken outer)
    {
        _error = error;
        _source = CancellationTokenSource.CreateLinkedTokenSource(outer);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
        ];
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
            registration.Dispose();
        _source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (Interlocked.Increment(ref _signals) > 1)
            return;
        context.Cancel = true;
        _error.WriteLine("kd: saving after this step; once more to quit without saving");
        _source.Cancel();
    }
}
