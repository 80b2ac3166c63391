using System.Globalization;
using System.Runtime.InteropServices;
using KdKernels.Distillation.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Checkpoints;

/// <summary>What a network expects and gives: enough to refuse weights that belong to another one.</summary>
/// <param name="Model">Name in the model registry.</param>
/// <param name="Classes">Number of logits.</param>
/// <param name="Channels">Of the input.</param>
/// <param name="ImageSize">Height and width of the input.</param>
public sealed record NetworkSignature(string Model, int Classes, int Channels, int ImageSize)
{
    private const string Prefix = "kd.";

    /// <summary>As metadata of a safetensors file.</summary>
    public IReadOnlyDictionary<string, string> ToMetadata() => new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [Prefix + "format"] = "1",
        [Prefix + "model"] = Model,
        [Prefix + "classes"] = Classes.ToString(CultureInfo.InvariantCulture),
        [Prefix + "channels"] = Channels.ToString(CultureInfo.InvariantCulture),
        [Prefix + "image_size"] = ImageSize.ToString(CultureInfo.InvariantCulture),
    };

    /// <summary>What in a file's metadata says that it belongs to another network; null where nothing does (a foreign
    /// file has no such metadata).</summary>
    public string? Mismatch(IReadOnlyDictionary<string, string> metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        foreach ((string key, string expected) in ToMetadata())
        {
            if (metadata.TryGetValue(key, out string? actual)
                && !string.Equals(expected, actual, StringComparison.Ordinal))
            {
                return $"expected {key[Prefix.Length..]} {expected} but got {actual}";
            }
        }

        return null;
    }
}

/// <summary>A network's weights and buffers as a safetensors file, and back.</summary>
public static class NetworkWeights
{
    /// <summary>The file as bytes; tensors under their names in the module tree.</summary>
    public static byte[] Save(nn.Module network, NetworkSignature signature)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(signature);
        using DisposeScope scope = NewDisposeScope();
        List<SafetensorsTensor> tensors = [];
        foreach ((string name, Tensor tensor) in network.state_dict())
        {
            tensors.Add(new SafetensorsTensor(name, TypeOf(tensor, name), [.. tensor.shape], BytesOf(tensor)));
        }

        return SafetensorsWriter.ToArray(tensors, signature.ToMetadata());
    }

    /// <summary>Fills a network. Nothing is changed unless everything fits.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, unknown, or of another shape or type.</exception>
    public static void Load(nn.Module network, NetworkSignature signature, SafetensorsReader file, string source)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(signature);
        ArgumentNullException.ThrowIfNull(file);
        if (signature.Mismatch(file.Metadata) is { } mismatch)
        {
            throw new CheckpointException($"{source}: {mismatch}");
        }

        using DisposeScope scope = NewDisposeScope();
        Dictionary<string, Tensor> own = network.state_dict();
        foreach (SafetensorsEntry entry in file.Entries)
        {
            if (!own.ContainsKey(entry.Name))
            {
                throw new CheckpointException($"{source}: {entry.Name}: {signature.Model} has no tensor of this name");
            }
        }

        foreach ((string name, Tensor tensor) in own)
        {
            RequireFit(tensor, name, file.Find(name), source);
        }

        using (no_grad())
        {
            foreach ((string name, Tensor tensor) in own)
            {
                using Tensor host = empty(tensor.shape, dtype: tensor.dtype);
                file.Data(file.Find(name)!).Span.CopyTo(host.bytes);
                tensor.copy_(host);
            }
        }
    }

    /// <summary>Name of a tensor with a NaN or an infinity in it; null where all are finite.</summary>
    public static string? FirstNonFinite(SafetensorsReader file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return file.Entries.FirstOrDefault(entry => entry.Type switch
        {
            SafetensorsType.F32 => HasNonFinite<float>(file.Data(entry).Span),
            SafetensorsType.F64 => HasNonFinite<double>(file.Data(entry).Span),
            _ => false,
        })?.Name;
    }

    private static bool HasNonFinite<T>(ReadOnlySpan<byte> bytes)
        where T : unmanaged, System.Numerics.IFloatingPointIeee754<T>
    {
        foreach (T value in MemoryMarshal.Cast<byte, T>(bytes))
        {
            if (!T.IsFinite(value))
            {
                return true;
            }
        }

        return false;
    }

    private static void RequireFit(Tensor tensor, string name, SafetensorsEntry? entry, string source)
    {
        string expected = $"{TypeOf(tensor, name)} [{string.Join(", ", tensor.shape)}]";
        if (entry is null)
        {
            throw new CheckpointException(
                $"{source}: {name}: expected {expected} but the file has no tensor of this name");
        }

        string actual = $"{entry.Type} [{string.Join(", ", entry.Shape)}]";
        if (!string.Equals(expected, actual, StringComparison.Ordinal))
        {
            throw new CheckpointException($"{source}: {name}: expected {expected} but got {actual}");
        }
    }

    private static SafetensorsType TypeOf(Tensor tensor, string name) => tensor.dtype switch
    {
        ScalarType.Float32 => SafetensorsType.F32,
        ScalarType.Float64 => SafetensorsType.F64,
        ScalarType.Float16 => SafetensorsType.F16,
        ScalarType.BFloat16 => SafetensorsType.BF16,
        ScalarType.Int64 => SafetensorsType.I64,
        ScalarType.Int32 => SafetensorsType.I32,
        ScalarType.Byte => SafetensorsType.U8,
        ScalarType.Bool => SafetensorsType.Bool,
        ScalarType other =>
            throw new NotSupportedException($"{name}: expected a type that safetensors files have but got {other}"),
    };

    private static byte[] BytesOf(Tensor tensor)
    {
        using Tensor host = tensor.detach().cpu().contiguous();
        return host.bytes.ToArray();
    }
}
