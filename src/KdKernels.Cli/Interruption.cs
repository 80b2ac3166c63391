using System.Runtime.InteropServices;

namespace KdKernels.Cli;

/// <summary>
/// The first SIGINT or SIGTERM asks the run to save and stop; the second one ends the process at once, as it would
/// without us.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly Action<string> _say;
    private readonly PosixSignalRegistration[] _registrations;
    private int _signals;

    /// <param name="say">Tells the user; called on another thread.</param>
    /// <param name="outer">Another reason to stop.</param>
    public Interruption(Action<string> say, CancellationToken outer)
    {
        _say = say;
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
        _say("kd: saving after this step; once more to quit without saving");
        _source.Cancel();
    }
}
