using TorchSharp;
using static TorchSharp.torch;

namespace KdKernels.Distillation.Data;

/// <summary>
/// An <see cref="ImageSet"/> as a torch dataset, for a <c>DataLoader</c>: items "image" (float32 <c>[C, H, W]</c>,
/// normalised and augmented), "label" (int64 scalar) and "index" (int64 scalar). The trainer itself fills whole batches
/// by <see cref="Augmentation.Fill"/>, which gives the same pixels.
/// </summary>
public sealed class ImageTensorDataset : utils.data.Dataset
{
    private readonly ImageSet _images;
    private readonly Augmentation _augmentation;

    /// <param name="images">Source.</param>
    /// <param name="augmentation">Normalisation and random changes.</param>
    public ImageTensorDataset(ImageSet images, Augmentation augmentation)
    {
        ArgumentNullException.ThrowIfNull(images);
        ArgumentNullException.ThrowIfNull(augmentation);
        _images = images;
        _augmentation = augmentation;
    }

    /// <summary>Selects the draws of the augmentation; set it before each pass.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Negative.</exception>
    public int Epoch
    {
        get;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    public override long Count => _images.Count;

    /// <summary>One sample; the caller, usually a DataLoader, owns the tensors.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The index is outside [0, Count).</exception>
    public override Dictionary<string, Tensor> GetTensor(long index)
    {
        if (index < 0 || index >= Count)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"expected an index in [0, {Count})");
        int sample = (int)index;
        float[] pixels = new float[_images.Shape.ByteCount];
        _augmentation.Fill(_images, [sample], Epoch, pixels);
        return new Dictionary<string, Tensor>(StringComparer.Ordinal)
        {
            ["image"] = tensor(pixels, [_images.Channels, _images.Height, _images.Width]),
            ["label"] = tensor((long)_images.Label(sample)),
            ["index"] = tensor(index),
        };
    }
}
