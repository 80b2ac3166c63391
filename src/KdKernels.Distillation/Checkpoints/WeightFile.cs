using KdKernels.Distillation.Formats;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Checkpoints;

/// <summary>Weights from wherever a recipe or a command points to.</summary>
public static class WeightFile
{
    private const string Extension = ".safetensors";

    /// <summary>Fills a network from a checkpoint folder, which is verified, or from a .safetensors file, which has no
    /// checksum.</summary>
    /// <param name="network">Unchanged unless everything fits.</param>
    /// <param name="signature">What the weights must be for.</param>
    /// <param name="path">Folder or file.</param>
    /// <param name="message">Told where nothing vouches for the file's content.</param>
    /// <exception cref="CheckpointException">Missing, damaged, or for another network.</exception>
    public static void Load(nn.Module network, NetworkSignature signature, string path, Action<string> message)
    {
        ArgumentNullException.ThrowIfNull(message);
        try
        {
            if (Directory.Exists(path))
            {
                Checkpoint checkpoint = Checkpoint.Open(path);
                (string name, ReadOnlyMemory<byte> bytes) = checkpoint.Files.FirstOrDefault(
                    file => file.Key.EndsWith(Extension, StringComparison.Ordinal));
                if (name is null)
                {
                    throw new CheckpointException($"{path}: expected a checkpoint with a {Extension} file in it");
                }

                string source = Path.Combine(path, name);
                NetworkWeights.Load(network, signature, SafetensorsReader.Parse(bytes, source), source);
                return;
            }

            if (!File.Exists(path))
            {
                throw new CheckpointException(
                    $"{path}: expected a checkpoint folder or a {Extension} file but there is nothing");
            }

            NetworkWeights.Load(network, signature, SafetensorsReader.Open(path), path);
            message($"{path}: unverified: a {Extension} file has no checksum.");
        }
        catch (Exception error) when (error is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                error.Message.Contains(path, StringComparison.Ordinal) ? error.Message : $"{path}: {error.Message}",
                error);
        }
    }
}
