using KdKernels.Distillation.Checkpoints;

namespace KdKernels.Distillation.Tests.Checkpoints;

/// <summary>How a call fails.</summary>
public enum Fault
{
    /// <summary>Nothing of it happens.</summary>
    Before,

    /// <summary>A file gets half of its bytes; another call does not happen.</summary>
    Half,

    /// <summary>It happens, and nothing after it.</summary>
    After,
}

/// <summary>The disk, until its n-th call. From then on every call fails, as after a crash (nothing runs any more) or
/// on a full disk.</summary>
public sealed class FaultyStorage(int failAt, Fault fault) : IStorage
{
    public int Calls { get; private set; }

    public void CreateFolder(string path) => Call(() => DiskStorage.Instance.CreateFolder(path));

    public void WriteFile(string path, ReadOnlyMemory<byte> bytes) => Call(
        () => DiskStorage.Instance.WriteFile(path, bytes),
        () => DiskStorage.Instance.WriteFile(path, bytes[..(bytes.Length / 2)]));

    public void SyncFolder(string path) => Call(() => DiskStorage.Instance.SyncFolder(path));

    public void Rename(string path, string newPath) => Call(() => DiskStorage.Instance.Rename(path, newPath));

    public void Link(string path, string target) => Call(() => DiskStorage.Instance.Link(path, target));

    public void Delete(string path) => Call(() => DiskStorage.Instance.Delete(path));

    private void Call(Action whole, Action? half = null)
    {
        Calls++;
        if (Calls < failAt)
        {
            whole();
            return;
        }

        if (Calls == failAt && fault == Fault.After)
        {
            whole();
        }
        else if (Calls == failAt && fault == Fault.Half)
        {
            half?.Invoke();
        }

        throw new IOException("No space left on device");
    }
}
