namespace TorchSharp;

public static partial class torch
{
    public partial class Tensor
    {
        /// <summary>Reads a tensor in TorchSharp's own format.</summary>
        public static Tensor Load(BinaryReader reader) => TensorExtensionMethods.Load(reader);

        /// <summary>As the other overload; closes the stream.</summary>
        public static Tensor Load(Stream stream)
        {
            using var reader = new BinaryReader(stream);
            return Load(reader);
        }

        public static Tensor Load(string location) => Load(File.OpenRead(location));
    }
}
